/** Common first and last names in Brazil. */
export const firstNames = [
  ..."Ana Maria Joana Beatriz Camila Carolina Cecília Clara Daniela Débora Eduarda Elisa Fernanda Flávia".split(
    " ",
  ),
  ..."Gabriela Helena Isabela Júlia Larissa Letícia Luana Luísa Manuela Mariana Natália Patrícia Priscila".split(
    " ",
  ),
  ..."Rafaela Renata Sabrina Sofia Tatiana Valéria Vanessa Vitória Yasmin André Antônio Arthur Bernardo".split(
    " ",
  ),
  ..."Bruno Caio Carlos César Daniel Davi Diego Eduardo Enzo Fábio Felipe Fernando Francisco Gabriel".split(
    " ",
  ),
  ..."Guilherme Gustavo Heitor Henrique Igor João Jorge José Júlio Leonardo Lucas Luís Marcelo Márcio".split(
    " ",
  ),
  ..."Mateus Miguel Murilo Otávio Paulo Pedro Rafael Ricardo Rodrigo Samuel Sérgio Thiago Vicente Vítor".split(
    " ",
  ),
];

export const lastNames = [
  ..."Almeida Alves Andrade Araújo Azevedo Barbosa Barros Batista Borges Brito Campos Cardoso Carvalho".split(
    " ",
  ),
  ..."Castro Conceição Correia Costa Cunha Dias Duarte Farias Fernandes Ferreira Figueiredo Fonseca".split(
    " ",
  ),
  ..."Freitas Gomes Gonçalves Guimarães Leite Lima Lopes Machado Magalhães Marques Martins Medeiros Melo".split(
    " ",
  ),
  ..."Mendes Miranda Monteiro Moraes Moreira Moura Nascimento Nogueira Nunes Oliveira Pacheco Pereira".split(
    " ",
  ),
  ..."Pinheiro Pinto Queiroz Ramos Rezende Ribeiro Rocha Rodrigues Sales Sampaio Santana Santos Silva".split(
    " ",
  ),
  ..."Silveira Siqueira Soares Souza Tavares Teixeira Vasconcelos Vaz Vieira Xavier".split(" "),
];
